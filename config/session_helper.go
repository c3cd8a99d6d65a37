package config

// HelperNames are the session helpers a [[system.session-helper]] may bind,
// FortiOS's fifteen.
var HelperNames = []string{
	"ftp", "tftp", "ras", "h323", "tns", "mms", "sip", "pptp", "rtsp",
	"dns-udp", "dns-tcp", "pmap", "rsh", "dcerpc", "mgcp",
}

var sessionHelperTable = table(
	func(c *Config) *[]*SessionHelper { return &c.Helpers },
	Table{
		Path: "system.session-helper", Key: "id", Noun: "session helper",
		Help:  "Which session helper watches which protocol and port.",
		Note:  "A factory entry cannot be left out of a file; status = \"disable\" does what FortiOS's delete does.",
		check: checkSessionHelpers,
		Attributes: []*Attribute{
			attr(func(h *SessionHelper) *uint32 { return &h.ID }, integer[uint32](1, 4294967295), Attribute{
				Name: "id", Required: true,
				Help: "The number of the entry; 1-20 are the factory's.",
			}),
			attr(func(h *SessionHelper) *string { return &h.Name }, oneOf(HelperNames, nil), Attribute{
				Name: "name", Required: true,
				Help: "The helper.",
			}),
			attr(func(h *SessionHelper) *uint8 { return &h.Protocol }, integer[uint8](0, 255), Attribute{
				Name: "protocol", Required: true,
				Help: "The IP protocol: 6 is TCP, 17 is UDP.",
			}),
			attr(func(h *SessionHelper) *uint16 { return &h.Port }, integer[uint16](1, 65535), Attribute{
				Name: "port", Required: true,
				Help: "The destination port of the control session: one port, no range.",
			}),
			attr(func(h *SessionHelper) *bool { return &h.Status }, enable, Attribute{
				Name: "status", Default: "enable", Extension: true,
				Help: "Whether the entry is in force.",
			}),
		},
	})

// checkSessionHelpers refuses two helpers for one port: which of them would
// see the session must not depend on the order of a table.
func checkSessionHelpers(l *loader, _ *Table) {
	type binding struct {
		protocol uint8
		port     uint16
	}
	taken := make(map[binding]*SessionHelper)
	for _, h := range l.cfg.Helpers {
		if !h.Status || !l.sound(h, "protocol", "port", "status") {
			continue
		}
		b := binding{h.Protocol, h.Port}
		if first := taken[b]; first != nil {
			if l.spots[h] == nil { // the file moved another entry onto the factory's
				h, first = first, h
			}
			l.refuse(h, "port", "protocol %d port %d belongs to entry %d (%s) already: expected one enabled entry for a port",
				h.Protocol, h.Port, first.ID, first.Name)
			continue
		}
		taken[b] = h
	}
}
