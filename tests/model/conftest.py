import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="package")
def _one_thread_a_fit():
    """The fits are small: waiting for a second core takes longer than doing without it."""
    with threadpool_limits(1, "openmp"):
        yield
