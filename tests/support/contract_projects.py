"""Test files of projects that try their stores and token managers with the contracts."""

#: a correct store and a careless one
STORE = """
    import contextlib, threading

    class Shelf:
        def __init__(self):
            self.lock, self.records, self.held = threading.Lock(), {}, set()

    class ShelfStore:
        def __init__(self, shelf):
            self.shelf = shelf

        def read(self, user_id):
            return self.shelf.records.get(user_id)

        def write(self, user_id, record):
            with self.shelf.lock:
                self.put(user_id, record)

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

        @contextlib.contextmanager
        def refresh_lock(self, user_id, timeout):
            lock = self.shelf.__dict__.setdefault(user_id, threading.Lock())
            held = lock.acquire(timeout=timeout)
            try:
                yield held
            finally:
                if held:
                    lock.release()

        def close(self):
            pass

    class Careless(ShelfStore):
        '''Strips user ids, replaces whatever stands there, and locks nothing.'''

        def read(self, user_id):
            return super().read(user_id.strip())

        def write(self, user_id, record):
            super().write(user_id.strip(), record)

        def swap(self, user_id, old, new):
            self.write(user_id, new)
            return True

        @contextlib.contextmanager
        def refresh_lock(self, user_id, timeout):
            yield True
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
