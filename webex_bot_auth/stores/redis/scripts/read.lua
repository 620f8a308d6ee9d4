-- Answers with a text and the server's time, as the clocks of several machines differ.
-- KEYS[1]: the text
return {redis.call('GET', KEYS[1]), redis.call('TIME')}
