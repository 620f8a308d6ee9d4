-- Answers with the item that has been due longest: its agenda's number, the item, and a token. It is due
-- again after the lease.
-- KEYS: the agendas; ARGV[1]: seconds of the lease
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local first
for number, agenda in ipairs(KEYS) do
  local found = redis.call('ZRANGEBYSCORE', agenda, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
  if found[1] and (not first or tonumber(found[2]) < first[3]) then
    first = {number, found[1], tonumber(found[2])}
  end
end
if not first then return nil end
redis.call('ZADD', KEYS[first[1]], now + ARGV[1], first[2])
return {first[1], first[2], redis.call('ZSCORE', KEYS[first[1]], first[2])}
