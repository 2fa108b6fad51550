def test_nothing() -> None:
    assert 'auuc'
