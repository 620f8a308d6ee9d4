"""The key service, with which the JavaScript SDK exchanges keys as it starts; Webex calls it KMS."""
