// Package rsh reads the first bytes of a remote shell or remote execution session
// (BSD's rcmd and rexec): the port that the client waits at for a second
// connection, which carries standard error. Start from Helper; README.md says what
// is read and what is refused.
package rsh
