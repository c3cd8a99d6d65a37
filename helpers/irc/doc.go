// Package irc reads Internet Relay Chat (RFC 1459, 2812) for offers of direct
// connections (DCC): a client tells another one where it waits. Start from Helper;
// README.md says what is read and what is refused.
package irc
