-- Counts one more; the first one sets when the count ends.
-- KEYS[1]: the count; ARGV[1]: milliseconds until it ends
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
