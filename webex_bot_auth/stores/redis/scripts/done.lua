-- Takes an item off its agenda, unless its moment is another one by now.
-- KEYS[1]: the agenda; ARGV: the item, the token
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('ZREM', KEYS[1], ARGV[1]) end
