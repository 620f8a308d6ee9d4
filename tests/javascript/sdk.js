// The SDK itself: a walk through the REST API, then every kind of event over the websocket, until stdin ends.
const Webex = require('webex');
const {tell, until_stdin_ends} = require('./telling');

async function walk(webex) {
  const me = await webex.people.get('me');
  const [again] = await webex.people.list([me.id]); // asks for /v1/people/?id=...
  const room = await webex.rooms.create({title: 'From JavaScript'});
  await webex.rooms.update({...room, title: 'Renamed from JavaScript'});
  const membership = await webex.memberships.create({roomId: room.id, personEmail: 'bob.brown@example.com'});
  const posted = await webex.messages.create({roomId: room.id, markdown: '**héllo** 😀'});
  const found = await webex.messages.get(posted.id);
  const listed = await webex.messages.list({roomId: room.id, mentionedPeople: 'me'});
  await webex.messages.remove(posted);
  await webex.memberships.remove(membership);
  await webex.teams.create({name: 'Team from JavaScript'});
  const hook = await webex.webhooks.create({
    name: 'hook', targetUrl: 'http://127.0.0.1:9/', resource: 'messages', event: 'created',
  });
  await webex.webhooks.remove(hook);
  await webex.rooms.remove(room);
  tell('walked', {me: me.displayName, again: again.id === me.id, html: found.html, listed: listed.items.length});
}

async function listen(webex) {
  for (const resource of ['messages', 'memberships', 'rooms', 'attachmentActions']) {
    await webex[resource].listen();
    for (const event of ['created', 'updated', 'deleted']) {
      webex[resource].on(event, ({data}) => tell(`${resource} ${event}`, data));
    }
  }
  const keys = await webex.internal.encryption.kms.createUnboundKeys({count: 2});
  const again = await webex.internal.encryption.kms.fetchKey({uri: keys[0].uri});
  tell('listening', {keys: keys.length, again: again.uri === keys[0].uri});
}

(async () => {
  const webex = Webex.init({credentials: {access_token: process.env.WEBEX_ACCESS_TOKEN}});
  await new Promise((resolve) => webex.once('ready', resolve));
  await walk(webex);
  await listen(webex);
})();
until_stdin_ends();
