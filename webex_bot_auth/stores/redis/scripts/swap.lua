-- Replaces a text, or deletes it, only where it is still the one that was read; reminds in the same step.
-- It deletes before it stores, and stores before it reminds: a server that is full refuses every step that
-- begins with storing, and lets all pass that begins with deleting.
-- KEYS: the text, the agenda of each reminder; ARGV: the old text (empty: there was none), the new one
-- (empty: delete), milliseconds until it expires (0: never), item and seconds of each
-- reminder (inf: take it off)
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then
  if ARGV[3] == '0' then
    redis.call('SET', KEYS[1], ARGV[2])
  else
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  end
end
if KEYS[2] then
  local time = redis.call('TIME')
  for number = 2, #KEYS do
    local item, seconds = ARGV[2 * number], ARGV[2 * number + 1]
    if seconds == 'inf' then
      redis.call('ZREM', KEYS[number], item)
    else
      redis.call('ZADD', KEYS[number], time[1] + time[2] / 1000000 + seconds, item)
    end
  end
end
return 1
