// Package replay feeds captures through the engine, in the time of the capture: what
// would the firewall do with these packets?
//
// A Player has an engine and no ports. Every frame of a file arrives by one of the
// configuration's interfaces, which follows from its source address; what happens
// because of it (sessions, expectations, children, drops) is handed out as Events
// that name the frame. Nothing is sent anywhere.
//
// Start from New.
package replay
