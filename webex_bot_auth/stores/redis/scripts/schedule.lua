-- Makes an id due, by the server's clock, as those of several machines differ.
-- KEYS[1]: the schedule; ARGV: the id, seconds from now, milliseconds until the schedule expires
local now = redis.call('TIME')
redis.call('ZADD', KEYS[1], now[1] + now[2] / 1000000 + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
