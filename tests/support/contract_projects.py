"""Test files of projects that try their stores and token managers with the contracts."""

#: a correct store and a careless one
STORE = """
    import threading

    class Shelf:
        def __init__(self):
            self.lock, self.records = threading.Lock(), {}

    class ShelfStore:
        def __init__(self, shelf):
            self.shelf = shelf

        def read(self, user_id):
            return self.shelf.records.get(user_id)

        def swap(self, user_id, old, new):
            with self.shelf.lock:
                if self.shelf.records.get(user_id) != old:
                    return False
                self.put(user_id, new)
                return True

        def put(self, user_id, record):
            if record is None:
                self.shelf.records.pop(user_id, None)
            else:
                self.shelf.records[user_id] = record

        def users(self):
            return list(self.shelf.records)

        def close(self):
            pass

    class Careless(ShelfStore):
        '''Strips user ids, and replaces whatever stands there.'''

        def read(self, user_id):
            return super().read(user_id.strip())

        def swap(self, user_id, old, new):
            self.put(user_id.strip(), new)
            return True
"""

CONTRACT = """
    import pytest, store
    from webex_bot_auth.testing.contract import UserStoreContract

    class TestIt(UserStoreContract):
        @pytest.fixture
        def make_store(self):
            shelf = store.Shelf()
            return lambda: store.{name}(shelf)
"""

NOTHING_BROUGHT = """
    from webex_bot_auth.testing.contract import FlowStoreContract, TokenManagerContract, UserStoreContract

    class TestManager(TokenManagerContract):
        pass

    class TestUsers(UserStoreContract):
        pass

    class TestFlows(FlowStoreContract):
        pass
"""

MANAGER_CONTRACT = """
    import functools, pytest
    from webex_bot_auth import YAMLTokenManager
    from webex_bot_auth.testing.contract import TokenManagerContract

    class TestIt(TokenManagerContract):
        @pytest.fixture
        def make_manager(self, tmp_path):
            return functools.partial(YAMLTokenManager, yml_base=tmp_path / "tokens")
"""
