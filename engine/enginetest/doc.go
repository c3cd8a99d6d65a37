// Package enginetest runs scenarios: a configuration, packets that arrive,
// packets that must leave, and time that passes, told in a text file. It drives
// the real engine.Worker, in memory and without a clock.
//
// A scenario is a txtar archive. Its comment is the script, and begins with lines
// that say what the scenario tells. The file fw.toml is the configuration the
// worker starts with; where it names no interface of its own, lab.toml of the
// same folder stands before it. Other files are further configurations and golden
// texts.
//
// Each line of the script is one of
//
//	# a remark
//	[TIME] PORT < PACKET              arrives; what leaves follows
//	[TIME] PORT < PACKET x REASON     arrives and dies of that reason
//	[TIME] PORT < PACKET hold         arrives and is kept
//	[TIME] PORT < PACKET tight ...    arrives in memory without room to grow
//	[TIME] PORT > PACKET [via HOP] [fragment MTU]   leaves, forwarded
//	[TIME] PORT > PACKET answer [via HOP]           leaves, made by the engine
//	TIME tick                         time passes
//	repeat N PORT < PACKET [x REASON] N packets, with @ for 10000, 10001, ...;
//	                                  what leaves is checked but not told; with
//	                                  "answered" behind it, the answer that swaps
//	                                  both ends arrives where the packet left
//	reload FILE                       another configuration
//	restart [FILE] [after TIME]       a new worker takes up what this one hands over
//	fates [FILE]                      what became of the sessions then
//	mtu PORT N                        the MTU that the machine says of a port,
//	                                  from the next configuration on
//	link PORT up|down                 the link of a port comes or goes, at once
//	sessions [FILE]                   the session table is this text
//	expectations [FILE]               the expectations are this text
//	events [FILE | -]                 what was reported since the last time; - is
//	                                  anything
//	trace [FILE]                      what the flow trace told since the last time,
//	                                  each line behind the number of its packet; a
//	                                  script that asks for it is traced from its start
//	counter REASON N                  so many packets died of it so far
//	stat NAME N                       a field of engine.Stats
//
// A remark like "# RFC 4787 REQ-5: default" says what the lines behind it show: see
// engine/behaviour.
//
// TIME is since the start ("1.5s") or since the line before ("+10ms"). Tick is
// called every 100 ms of it. PACKET is a line of package packettest. A packet
// that leaves need not tell its hop limit: it must be one less than that of the
// packet that arrived. Its next hop must be its destination unless via says
// otherwise.
//
// "says NAME" at the end of a packet is the file of that name as its data, with CR
// LF as line ends, and with "?" as Content-Length for the length of its body.
//
// $name in a packet stands for a number: the first packet that leaves with it
// binds it. $name.hi and $name.lo are its two bytes in decimal, as FTP writes a
// port.
//
// After each line the engine's invariants are checked, and every packet that left
// must parse and have right checksums.
package enginetest
