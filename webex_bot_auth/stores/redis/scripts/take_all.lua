-- Empties a list, and answers with what was in it.
-- KEYS[1]: the list
local texts = redis.call('LRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
return texts
