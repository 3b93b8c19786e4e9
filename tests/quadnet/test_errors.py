import pytest

from quadnet.errors import ConfigurationError, QuadnetError


def test_a_broken_configuration_is_the_users_error_with_exit_code_2() -> None:
    with pytest.raises(QuadnetError, match="wrong") as caught:
        raise ConfigurationError("wrong")
    assert (caught.value.exit_code, QuadnetError.exit_code) == (2, 1)
