-- Takes a record once, and leaves a mark in its place; what is no record of ours stays as it is.
-- KEYS[1]: the record; ARGV: the mark, milliseconds until the mark expires
if redis.call('TYPE', KEYS[1]).ok ~= 'string' then return nil end
local record = redis.call('GET', KEYS[1])
if record == ARGV[1] then return record end
if string.sub(record, 1, 1) ~= '{' then return nil end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return record
