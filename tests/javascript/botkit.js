// A bot with Botkit, which gets webhooks and checks their signatures.
const http = require('http');
const express = require('express');
const {Botkit} = require('botkit');
const {WebexAdapter} = require('botbuilder-adapter-webex');
const {tell, until_stdin_ends} = require('./telling');

const app = express();
app.use(express.json());
const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  const adapter = new WebexAdapter({
    access_token: process.env.WEBEX_ACCESS_TOKEN,
    public_address: `http://127.0.0.1:${server.address().port}`, // it makes it https
    secret: 'sesame',
  });
  const controller = new Botkit({adapter, webserver: app, webhook_uri: '/api/messages', disable_console: true});
  controller.on('message,direct_message', (bot, message) => bot.reply(message, `I heard ${message.text}`));
  controller.on('attachmentActions', (bot, message) => bot.reply(message, `You said ${message.value.what}`));
  controller.ready(async () => {
    adapter.registerAdaptiveCardWebhookSubscription('/api/messages');
    // Botkit is ready before its webhooks are registered
    while ((await adapter._api.webhooks.list()).items.length < 2);
    tell('initialized');
  });
});
until_stdin_ends();
