package sane

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// wire writes words and strings as SANE does.
func wire(fields ...any) string {
	var b []byte
	for _, f := range fields {
		switch v := f.(type) {
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)+1))
			b = append(append(b, v...), 0)
		case raw:
			b = append(b, v...)
		}
	}
	return string(b)
}

// raw is written without its length.
type raw string

const version = 0x01000003

// Requests and replies.
var (
	initReq    = wire(opInit, version, "joe")
	initReply  = wire(0, version)
	openReq    = wire(opOpen, "test:0")
	openReply  = wire(0, 0, 0)
	startReq   = wire(opStart, 0)
	cancel     = wire(opCancel, 0)
	word       = wire(0)
	exit       = wire(opExit)
	devices    = wire(0, 2, 0, "test:0", "Noname", "frontend-tester", "virtual device", 1)
	parameters = wire(0, 0, 1, 100, 100, 100, 8)
	// An option of each kind of constraint.
	options = wire(6,
		0, "", "Number of options", "", 1, 0, 4, 4, constraintNone,
		0, "res", "Resolution", "dpi", 2, 4, 4, 5, constraintRange, 0, 1, 1200, 1,
		0, "depth", "Depth", "bits", 1, 0, 4, 5, constraintWords, 3, 2, 8, 16,
		0, "mode", "Mode", "colour", 3, 0, 20, 5, constraintStrings, 3, "Gray", "Color", 0,
		0, "range", "None", "", 2, 0, 4, 5, constraintRange, 1,
		1)
)

func startReply(port int) string { return wire(0, port, 0x1234, 0) }

// begin is how every session begins.
var begin = []string{initReq, initReply, wire(opGetDevices), devices, openReq, openReply}

func talk(name, want, why string, turns ...string) helpertest.Dialogue {
	d := helpertest.Dialogue{Name: name, Why: why}
	d.Client, d.Server = netip.MustParseAddrPort("192.0.2.10:40000"), netip.MustParseAddrPort("198.51.100.20:6566")
	for i, t := range turns {
		if t != "" {
			d.Turns = append(d.Turns, helpertest.Turn{Dir: packet.Dir(i & 1), Text: t})
		}
	}
	for _, port := range strings.Fields(want) {
		d.Want = append(d.Want, helpertest.Announced{Dir: packet.Reply, Endpoint: "198.51.100.20:" + port})
	}
	return d
}

func dialogues() []helpertest.Dialogue {
	var all []helpertest.Dialogue
	add := func(name, want, why string, turns ...string) { all = append(all, talk(name, want, why, turns...)) }
	on := func(name, want, why string, turns ...string) {
		add(name, want, why, append(append([]string{}, begin...), turns...)...)
	}
	fake := wire(0, 40000, 0x1234, 0) // bytes of a reply to START
	on("a scan", "40000", "", wire(opGetOptions, 0), options, wire(opGetParameters, 0), parameters,
		startReq, startReply(40000), wire(opGetParameters, 0), parameters, cancel, word, wire(opClose, 0), word, exit)
	on("three scans", "40000 40001 40002", "", startReq, startReply(40000), startReq, startReply(40001), cancel, word, startReq, startReply(40002))
	on("refused", "", "", startReq, wire(3, 40000, 0x1234, 0), cancel, word)
	on("no port", "", "", startReq, startReply(0), cancel, word)
	on("2^16+40000", "", "", startReq, startReply(0x10000+40000), cancel, word)
	on("options of every type", "40000", "",
		wire(opControl, 0, 1, 0, 1, 4, 1, 7), wire(0, 0, 1, 4, 1, 7, 0),
		wire(opControl, 0, 2, 1, 3, 6, "Color"), wire(0, 2, 3, 6, "Color", 0),
		wire(opControl, 0, 3, 1, 4, 0, 0), wire(0, 0, 4, 0, 0, 0),
		wire(opControl, 0, 4, 1, 4, 0, 5), wire(0, 0, 5, 0, 5, 0),
		wire(opControl, 0, 5, 2), wire(0, 0, 2, 4, 1, 9, 0),
		wire(opControl, 0, 6, 0, 2, 8, 2, 9, 9), wire(4, 0, 2, 8, 2, 9, 9, 0),
		startReq, startReply(40000))
	add("protocol 2 sends a value in any case", "40000", "", wire(opInit, 0x01000002, "joe"), initReply,
		wire(opControl, 0, 5, 2, 1, 4, 1, 7), wire(0, 0, 1, 4, 1, 7, 0), startReq, startReply(40000))
	on("authorization", "40000", "", startReq, wire(0, 0, 0, "test"),
		wire(opAuthorize, "test", "joe", "secret"), word+startReply(40000), cancel, word)
	on("authorization twice", "40000", "", startReq, wire(0, 0, 0, "test"), wire(opAuthorize, "test", "joe", "x"), word+wire(0, 0, 0, "test"),
		wire(opAuthorize, "test", "joe", "secret"), word+startReply(40000), cancel, word)
	on("authorization given up", "40000", "", startReq, wire(0, 0, 0, "test"), cancel, word, startReq, startReply(40000))
	on("authorization that nobody asked for", "", whyNotAsked, wire(opAuthorize, "test", "joe", "x"), word+startReply(40000))
	add("authorization to open", "40000", "", initReq, initReply, openReq, wire(0, 0, "test"),
		wire(opAuthorize, "test", "joe", "secret"), word+openReply, startReq, startReply(40000))
	add("no devices", "40000", "", initReq, initReply, wire(opGetDevices), wire(0, 0), wire(opGetOptions, 0), wire(0), startReq, startReply(40000))
	on("strings without an end", "40000", "", wire(opGetOptions, 0), wire(1, 0, 0, 0, 0, 1, 0, 4, 4, constraintStrings, 0), startReq, startReply(40000))
	on("a reply inside an option", "", "", wire(opControl, 0, 2, 1, 3, 16, 16, raw(fake)), wire(0, 2, 3, 16, 16, raw(fake), 0),
		cancel, word)
	on("a reply inside a reply that comes late", "", whyNotWaited, wire(opControl, 0, 2, 1, 3, 16, 16, raw(fake)), wire(0, 2, 3, 16, 16),
		startReq, fake)
	on("START that did not wait", "", whyNotWaited, wire(opControl, 0, 2, 0, 3, 16, 16, raw(fake))+startReq, wire(0, 2, 3, 16, 16, raw(fake), 0))
	on("a reply too much", "40000", whyNotAsked, startReq, startReply(40000)+startReply(40001))
	on("a port of another reply", "", "", wire(opOpen, "x"), wire(0, 40000, 0), cancel, wire(40000))
	on("behind EXIT", "", "", exit, startReply(40000), startReq, startReply(40000))
	on("an unknown request", "", whyNoRequest, wire(11, 0), startReply(40000))
	on("INIT again", "", whyNoRequest, initReq, startReply(40000))
	on("a string of 2^32-1", "", whyNoRequest, wire(opOpen, -1), startReply(40000))
	on("a value of no type", "", whyNoRequest, wire(opControl, 0, 1, 1, 6, 4, 1, 7))
	on("an option of no kind", "", whyNoReply, wire(opGetOptions, 0), wire(1, 0, "", "", "", 1, 0, 4, 4, 4))
	on("a pointer of no kind", "", whyNoReply, wire(opGetOptions, 0), wire(1, 2))
	add("START first", "", whyNoInit, startReq, startReply(40000))
	add("another version", "", whyNoInit, wire(opInit, 0x02000003, "joe"), initReply)
	add("a long name", "", whyNoInit, wire(opInit, version, strings.Repeat("j", 1024)), initReply)
	add("http", "", whyNoInit, "GET / HTTP/1.1\r\n\r\n")
	add("the server first", "", whyServerFirst, "", initReply, initReq)
	add("INIT alone", "", "", initReq)
	six := talk("IPv6", "", "", append(append([]string{}, begin...), startReq, startReply(40000), cancel, word)...)
	six.Client, six.Server = netip.MustParseAddrPort("[2001:db8::10]:40000"), netip.MustParseAddrPort("[2001:db8::20]:6566")
	six.Want = []helpertest.Announced{{Dir: packet.Reply, Endpoint: "[2001:db8::20]:40000"}}
	return append(all, six)
}

func TestLaws(t *testing.T) {
	for _, d := range dialogues() {
		helpertest.Laws(t, &Helper, d)
	}
}

func FuzzHelper(f *testing.F) { helpertest.Fuzz(f, &Helper, dialogues()...) }
