-- Replaces a record, or deletes it, only where it is still the one that was read.
-- KEYS[1]: the record; ARGV: the old record (empty: there was none), the new one (empty: delete)
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1
