// Package pmap reads and spells the sessions of ONC RPC's port mapper and of its
// successor rpcbind (RFC 1833, over RFC 5531): a client asks where a program is to
// be found, and then opens a flow to the port that it was told. Start from Helper;
// README.md says what is read, what is refused and why.
package pmap
