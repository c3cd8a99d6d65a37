// Package tftp reads the requests of the Trivial File Transfer Protocol (RFC 1350,
// 2347): the server answers each from a port of its own. Start from Helper;
// README.md says what is read and what is refused.
package tftp
