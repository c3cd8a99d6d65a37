// Package sip reads the Session Initiation Protocol (RFC 3261) and the session
// descriptions that it carries (RFC 8866): media comes to where they say, and calls
// come to where a user agent has registered. Start from Helper; README.md says what
// is read and what is refused.
package sip
