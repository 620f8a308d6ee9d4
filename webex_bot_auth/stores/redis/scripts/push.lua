-- Appends a text to a list that expires, and answers with those that were dropped to keep it short.
-- KEYS[1]: the list; ARGV: the text, how many to keep (0: all), milliseconds until the list expires
redis.call('RPUSH', KEYS[1], ARGV[1])
local dropped = {}
local keep = tonumber(ARGV[2])
while keep > 0 and redis.call('LLEN', KEYS[1]) > keep do
  table.insert(dropped, redis.call('LPOP', KEYS[1]))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return dropped
