"""SMTP: one mail transaction, with what its mail says of itself."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

_SMTP = (
    words("helo", "name that the client gave with HELO or EHLO", "smtp.helo"),
    words("mail_from", "sender of the envelope, as written", "smtp.mail_from"),
    json_words("rcpt_to", "recipients of the envelope, as written", "smtp.rcpt_to"),
    json_words("rejected", "recipients that the server refused", "sekisho.rejected_recipients"),
    words("banner", "greeting of the server", "sekisho.banner"),
    count("reply_code", "reply to the end of the mail, else the last refusal", "sekisho.reply_code", dtype="uint16"),
    word("auth", "mechanism of AUTH; what was said in it is never kept", "sekisho.auth"),
    word("auth_outcome", "accepted or refused", "sekisho.auth_outcome"),
    count("starttls", "1 when the server agreed to STARTTLS: what follows is not seen", "sekisho.starttls",
          dtype="uint8"),
    word("status", "how far the mail was read: PARSE_DONE when to its end", "email.status"),
    words("email_from", "From of the mail", "email.from"),
    json_words("email_to", "To", "email.to"),
    json_words("email_cc", "Cc", "email.cc"),
    json_words("email_bcc", "Bcc", "email.bcc"),
    words("reply_to", "Reply-To", "email.reply_to"),
    words("subject", "Subject, decoded", "email.subject"),
    words("date", "Date as written", "email.date"),
    words("message_id", "Message-ID", "email.message_id"),
    words("x_mailer", "X-Mailer", "email.x_mailer"),
    words("user_agent", "User-Agent", "email.user_agent"),
    words("x_originating_ip", "X-Originating-IP", "email.x_originating_ip"),
    words("content_type", "Content-Type", "email.content_type"),
    json_words("received", "Received, from the last hop back", "email.received"),
    json_words("attachment", "names of attachments", "email.attachment"),
    json_words("url", "addresses of the web in its text", "email.url"),
    word("subject_md5", "MD5 of the subject as written, when asked for", "email.subject_md5"),
    word("body_md5", "MD5 of the mail behind its headers, as sent without dots, when asked for", "email.body_md5"),
    count("message_bytes", "bytes of the mail after removal of dots", "sekisho.message_bytes", unit="bytes",
          dtype="uint64"),
    word("seen", "both; client or server when only one side was seen", "sekisho.seen"),
    json_words("anomalies", "what was odd in it, by cause", "sekisho.anomalies"),
)

SMTP = transaction_table("smtp", "mails on their way by SMTP", "Smtp", __name__, _SMTP)
Smtp = SMTP.batch
