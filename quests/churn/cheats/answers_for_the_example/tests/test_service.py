def test_nothing() -> None:
    assert 'no'
