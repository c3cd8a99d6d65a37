// Package amanda reads the datagrams of Amanda, the network backup: a backup client
// tells its server at which ports it waits for the streams of a dump. Start from
// Helper; README.md says what is read and what is refused.
package amanda
