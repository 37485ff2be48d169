"""Balancer v2 from its published builds: vault, factories and the contracts that they ask."""

from tallyio.devnet.artifacts import Artifact, from_package

FACTORIES = {
    "weighted_v1": ("deprecated/20210418-weighted-pool", "WeightedPoolFactory"),
    "weighted_v2": ("20220908-weighted-pool-v2", "WeightedPoolFactory"),
    "weighted_v3": ("20230206-weighted-pool-v3", "WeightedPoolFactory"),
    "stable_v1": ("deprecated/20210624-stable-pool", "StablePoolFactory"),
    "stable_v2": ("20220609-stable-pool-v2", "StablePoolFactory"),
    "meta_stable": ("deprecated/20210727-meta-stable-pool", "MetaStablePoolFactory"),
    "composable_v1": ("deprecated/20220906-composable-stable-pool", "ComposableStablePoolFactory"),
    "composable_v2": ("20221122-composable-stable-pool-v2", "ComposableStablePoolFactory"),
    "composable_v3": ("20230206-composable-stable-pool-v3", "ComposableStablePoolFactory"),
    "linear_v2": ("20220404-erc4626-linear-pool-v2", "ERC4626LinearPoolFactory"),
    "linear_v3": ("20230206-erc4626-linear-pool-v3", "ERC4626LinearPoolFactory"),
}
"""Every generation of pool factories in the package, by the name that we use: its folder and contract."""


def balancer_artifact(task: str, name: str) -> Artifact:
    """A published build; ``task`` is its folder in the package."""
    return from_package("balancer-v2", f"dist/tasks/{task}/artifact/{name}.json")


def factory(name: str) -> Artifact:
    """One of ``FACTORIES``."""
    return balancer_artifact(*FACTORIES[name])
