// A bot with webex-node-bot-framework, over the websocket, or with webhooks if PORT says where they arrive.
const http = require('http');
const express = require('express');
const Framework = require('webex-node-bot-framework');
const webhook = require('webex-node-bot-framework/webhook');
const {tell, until_stdin_ends} = require('./telling');

const config = {token: process.env.WEBEX_ACCESS_TOKEN};
if (process.env.WEBHOOKS) {
  Object.assign(config, {webhookUrl: 'http://to.be.set/', webhookSecret: 'sesame'});
}

async function start() {
  if (process.env.WEBHOOKS) {
    const app = express();
    app.use(express.json());
    const server = http.createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    config.webhookUrl = `http://127.0.0.1:${server.address().port}/framework`;
    config.port = server.address().port;
    const framework = new Framework(config);
    app.post('/framework', webhook(framework));
    return framework;
  }
  return new Framework(config);
}

start().then((framework) => {
  framework.on('initialized', () => tell('initialized'));
  framework.hears(/hello/, (bot, trigger) => bot.say('markdown', `**Hello ${trigger.person.displayName}**`));
  framework.on('attachmentAction', (bot, trigger) => bot.say(`You said ${trigger.attachmentAction.inputs.what}`));
  framework.start();
});
until_stdin_ends();
