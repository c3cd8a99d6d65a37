// Package control is how an operator looks into a running firewall: the records
// of its API, the server on a Unix socket, the client, and the text that FortiOS's
// diagnose commands print. It decides about no packet; it reads the engine through
// a Source, a bounded number of records at a time.
package control
