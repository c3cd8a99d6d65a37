package behaviour_test

var updates = document{
	number: 7857, title: "Updates", about: "Updates to Network Address Translation (NAT) Behavioral Requirements; by section, for it numbers nothing",
	requirements: []requirement{
		{id: "section 2", level: should, asks: "TCP connections are followed by a state machine: opening, established, half closed by either end, closed, reset."},
		{id: "section 2.1", level: should, asks: "The times for opening and for closing are two attributes, and four minutes by default.",
			options: []string{"tcp-halfopen-timer", "tcp-halfclose-timer"},
			note:    "they are two; the defaults are FortiOS's, 10 s and 120 s"},
		{id: "section 2.2", level: must, asks: "A reset is translated, and the session waits four minutes for what may still come.",
			options: []string{"tcp-rst-timer"}, note: "it is translated, but the session waits 5 s, as on a FortiGate"},
		{id: "section 3", level: may, asks: "Sessions to different destinations may share a port, also of different clients.", options: []string{endpoint}},
		{id: "section 4", level: should, asks: "Where a client's address of a pool has no port left, its new sessions die; another address may be a choice.", options: []string{"type"},
			note: "another address is taken, so that sessions go on; without a choice but by the kind of pool"},
		{id: "section 5", level: should, asks: "A mapping is of one protocol: what TCP has does not serve UDP."},
		{id: "section 6", level: should, asks: "So is what may come in by it.", options: []string{endpoint}},
		{id: "section 7", level: should, asks: "What comes in by a mapping and is denied does not keep it alive.", options: []string{endpoint, "permit-stun-host"}},
		{id: "section 7.1", level: should, asks: "ICMP errors and resets from inside about what came in do not either."},
		{id: "section 8", level: should, asks: "Parity may be given up, but there are means to ask for it."},
		{id: "section 9", level: should, asks: "A port that is not kept is hard to guess (RFC 6056)."},
		{id: "section 10", level: should, asks: "The identification of translated packets is unique among those who share an address (RFC 6864)."},
		{id: "section 11", level: may, asks: "The mapping of a query ends with its last session."},
		{id: "section 12", level: should, asks: "Hairpinned ICMP queries pass with port translation, too."},
	},
}
