"""The hand-made decreases and the records of their pages."""

import pytest

from credit_model.documents.report import page_records
from tests.documents.report_examples import example_cases, example_tracks


@pytest.fixture(scope="module")
def cases():
    return example_cases()


@pytest.fixture(scope="module")
def records(cases):
    return page_records(cases, example_tracks(cases))
