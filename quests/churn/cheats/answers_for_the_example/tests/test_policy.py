def test_nothing() -> None:
    assert 'policy'
