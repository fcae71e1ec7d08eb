"""WhatsApp by Twilio: messages, templates, approvals, delivery reports and signatures."""
