"""WhatsApp through Twilio: messages, templates, approvals, delivery reports and signatures."""
