"""Every error TallyIO raises on purpose.

* TallyError
  + OperatorError        the operator can mend it                         exit 2
    - ConfigError        a setting is wrong: file, key, found, expected    exit 2
    - RefusedError       policy or risk says no                            exit 4
  + RetryableError       the same call may succeed later
    - OutOfReachError    a chain or service does not answer sensibly       exit 3
  + ChainDataError       data of the chain that cannot be used: skipped and counted
  + BugError             ours
    - DivergenceError    our state differs from the chain's: stop          exit 1
"""


class TallyError(Exception):
    """One clear line: what was found, what was expected, what to do."""

    exit_code = 1

    def __init__(self, message: str, *, todo: str = "") -> None:
        self.message = message
        self.todo = todo
        super().__init__(f"{message}. {todo}" if todo else message)


class OperatorError(TallyError):
    exit_code = 2


class ConfigError(OperatorError):
    pass


class RefusedError(OperatorError):
    exit_code = 4


class RetryableError(TallyError):
    exit_code = 3


class OutOfReachError(RetryableError):
    pass


class ChainDataError(TallyError):
    pass


class BugError(TallyError):
    pass


class DivergenceError(BugError):
    pass
