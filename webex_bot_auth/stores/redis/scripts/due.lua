-- The first id that is due, which is due again for others after the lease.
-- KEYS[1]: the schedule; ARGV[1]: seconds of the lease
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)
if not due[1] then return nil end
redis.call('ZADD', KEYS[1], now + ARGV[1], due[1])
return due[1]
