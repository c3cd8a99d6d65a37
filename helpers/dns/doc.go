// Package dns reads the Domain Name System (RFC 1035) over UDP, so that a session
// ends as soon as all that was asked is answered, and over TCP. It opens and
// rewrites nothing. Start from UDP and TCP; README.md says what is read and what is
// refused.
package dns
