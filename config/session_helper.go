package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// HelperNames are the session helpers a [[system.session-helper]] may bind,
// FortiOS's fifteen and ours.
var HelperNames = append([]string{
	"ftp", "tftp", "ras", "h323", "tns", "mms", "sip", "pptp", "rtsp",
	"dns-udp", "dns-tcp", "pmap", "rsh", "dcerpc", "mgcp",
}, ownHelpers...)

// ownHelpers are the session helpers that FortiOS does not have.
var ownHelpers = []string{
	"amanda",
	"irc",
	"ntalk",
	"sane",
	"talk",
}

// ownHelpersNote is what the reference says of them.
var ownHelpersNote = "FortiOS does not have " + strings.Join(ownHelpers[:len(ownHelpers)-1], ", ") + " and " + ownHelpers[len(ownHelpers)-1] + "."

// defaultTLSDataLimit is tls-data-limit where it is not written.
const defaultTLSDataLimit = 8

// helperWords are those of an attribute that chooses a helper.
var helperWords = append([]string{"auto", "disable"}, HelperNames...)

// helperAddr describes the sources an entry is for, in one family.
func helperAddr(name, family, suffix string) Attribute {
	return Attribute{
		Name: name, Refs: []string{"firewall.address" + suffix, "firewall.addrgrp" + suffix}, Extension: true,
		Help: "The " + family + " clients whose control sessions the entry is for; with neither srcaddr nor srcaddr6 it is for all.",
	}
}

// looseAddr describes the third hosts that may be announced, in one family.
func looseAddr(name, family, suffix string) Attribute {
	return Attribute{
		Name: name, Refs: []string{"firewall.address" + suffix, "firewall.addrgrp" + suffix}, Extension: true,
		Help: "The " + family + " hosts beside the two ends of a control session whose ports the helper may open when they are announced, as those of another server are in a transfer from server to server (FXP); unset opens none.",
	}
}

// helperChoice is auto, disable, or any number of helpers. The tree has auto
// as nil; that auto and disable stand alone is for checkPolicies to see to.
var helperChoice = codec[[]string]{
	Type: Type{Name: "list of options", Range: "auto, disable, or any of " + strings.Join(HelperNames, ", "), Words: helperWords, Many: true},
	add: func(all *[]string, word string) error {
		switch {
		case !slices.Contains(helperWords, word):
			return fmt.Errorf("expected auto, disable, or names of helpers%s", didYouMean(word, helperWords))
		case slices.Contains(*all, word):
			return errors.New("listed twice")
		case word != "auto":
			*all = append(*all, word)
		}
		return nil
	},
	words: func(all []string) []string {
		if len(all) == 0 {
			return []string{"auto"}
		}
		return all
	},
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
				Note: ownHelpersNote,
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
			attr(func(h *SessionHelper) *[]string { return &h.SrcAddr }, list(name(79)), helperAddr("srcaddr", "IPv4", "")),
			attr(func(h *SessionHelper) *[]string { return &h.SrcAddr6 }, list(name(79)), helperAddr("srcaddr6", "IPv6", "6")),
			attr(func(h *SessionHelper) *[]PortSpan { return &h.DataPorts }, portSpans(), Attribute{
				Name: "data-ports", Extension: true,
				Help: "The destination ports that the helper may open for children; unset leaves it to the helper.",
			}),
			attr(func(h *SessionHelper) *uint32 { return &h.MaxExpectations }, zeroOr(1, 65535), Attribute{
				Name: "max-expectations", Default: "0", Extension: true,
				Help: "How many children of one control session may be awaited at once; 0 leaves it to the helper.",
			}),
			attr(func(h *SessionHelper) *uint32 { return &h.Lifetime }, zeroOr(1, 86400), Attribute{
				Name: "lifetime", Default: "0", Extension: true,
				Help: "How many seconds a child is awaited; 0 leaves it to the helper.",
			}),
			attr(func(h *SessionHelper) *[]string { return &h.LooseAddr }, list(name(79)), looseAddr("loose-addr", "IPv4", "")),
			attr(func(h *SessionHelper) *[]string { return &h.LooseAddr6 }, list(name(79)), looseAddr("loose-addr6", "IPv6", "6")),
			attr(func(h *SessionHelper) *PortSpan { return &h.TLSDataPorts }, portSpan(), Attribute{
				Name: "tls-data-ports", Only: only("name", "ftp"), Extension: true,
				Help: "The server's data ports that stay open to the client of a control session that is encrypted and so cannot be read, while it lasts and for connections that begin with a TLS ClientHello; unset opens none.",
			}),
			attr(func(h *SessionHelper) *uint32 { return &h.TLSDataLimit }, integer[uint32](1, 65535), Attribute{
				Name: "tls-data-limit", Default: fmt.Sprint(defaultTLSDataLimit), Only: only("name", "ftp"), Extension: true,
				Help: "How many sessions at a time may use tls-data-ports, for one control session.",
			}),
		},
	})

// checkSessionHelpers refuses two helpers for one port and one client: which of
// them would see the session must not depend on the order of a table.
func checkSessionHelpers(l *loader, _ *Table) {
	type binding struct {
		protocol uint8
		port     uint16
	}
	taken := make(map[binding][]*SessionHelper)
	for _, h := range l.cfg.Helpers {
		if h.TLSDataLimit != defaultTLSDataLimit && !h.TLSDataPorts.IsSet() && h.Name == "ftp" && l.sound(h, "name", "tls-data-ports", "tls-data-limit") {
			l.complain(h, "tls-data-limit", "tls-data-limit: only with tls-data-ports")
		}
		if !h.Status || !l.sound(h, "protocol", "port", "status", "srcaddr", "srcaddr6") {
			continue
		}
		b := binding{h.Protocol, h.Port}
		i := slices.IndexFunc(taken[b], h.meets)
		if i < 0 {
			taken[b] = append(taken[b], h)
			continue
		}
		first := taken[b][i]
		if l.spots[h] == nil { // the file moved another entry onto the factory's
			h, first = first, h
		}
		l.refuse(h, "port", "protocol %d port %d belongs to entry %d (%s) already: expected one enabled entry for a port, or a srcaddr of its own in each",
			h.Protocol, h.Port, first.ID, first.Name)
	}
}

// meets says whether two entries could be for one client. Names are compared,
// not addresses: what two of them have in common is for the operator to know.
func (h *SessionHelper) meets(o *SessionHelper) bool {
	if len(h.SrcAddr)+len(h.SrcAddr6) == 0 || len(o.SrcAddr)+len(o.SrcAddr6) == 0 {
		return true
	}
	same := func(a, b string) bool { return a == b || a == "all" || b == "all" }
	return common(h.SrcAddr, o.SrcAddr, same) || common(h.SrcAddr6, o.SrcAddr6, same)
}
