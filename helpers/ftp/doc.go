// Package ftp reads and spells the control connection of the File Transfer
// Protocol (RFC 959, 1123 section 4.1, 2428, 4217): PORT and EPRT of the client,
// the 227 and 229 replies of the server. Start from Helper; README.md says what is
// read, what is refused and why.
package ftp
