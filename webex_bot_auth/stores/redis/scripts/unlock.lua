-- Releases a lock, unless it has expired and somebody else holds it by now.
-- KEYS[1]: the lock; ARGV[1]: the holder's token
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
