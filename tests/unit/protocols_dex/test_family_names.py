from typing import get_args, get_type_hints

from tallyio.config.settings import DexSettings
from tallyio.protocols.dex.siblings import FAMILIES


def test_settings_may_name_every_family() -> None:
    assert set(get_args(get_type_hints(DexSettings)["family"])) == set(FAMILIES)
