package pmap

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

func getList(xid int, netid string) string {
	return ask(xid, 4, procGetAddrList, mountd, 3, netid, "", "")
}

// line is an entry of a list.
func line(netid, address string) []any {
	family := "inet"
	if strings.HasSuffix(netid, "6") {
		family = "inet6"
	}
	return []any{1, address, netid, 1, family, strings.TrimSuffix(netid, "6")}
}

func lines(xid int, all ...[]any) string { return reply(xid, append(slices.Concat(all...), 0)...) }

// everywhere is what a server says of a program that both families reach.
func everywhere(xid int) string {
	return lines(xid, line("udp6", "::.78.80"), line("tcp6", "::.78.81"), line("udp", "0.0.0.0.78.80"), line("tcp", "198.51.100.20.78.81"))
}

func listCases() []testCase {
	seven := slices.Repeat([][]any{line("tcp", "0.0.0.0.8.1")}, 3)
	for _, a := range []string{"0.0.0.0.8.2", "0.0.0.0.8.3", "0.0.0.0.8.4"} {
		seven = append(seven, line("tcp", a))
	}
	return []testCase{
		{name: "list", turns: []string{getList(7, "tcp"), everywhere(7)}, want: "u20048 t20049"},
		{name: "list, IPv6", six: true, turns: []string{getList(7, "tcp6"), everywhere(7)}, want: "u20048 t20049"},
		{name: "list that is asked for otherwise", turns: []string{getList(7, "ticotsord"), everywhere(7)}, want: "u20048 t20049"},
		{name: "list of one", turns: []string{getList(7, "tcp"), lines(7, line("tcp", "0.0.0.0.8.1"))}, want: "t2049"},
		{name: "list of many", turns: []string{getList(7, "tcp"), lines(7, seven...)}, want: "t2049 t2049 t2049 t2050"},
		{name: "list of none", turns: []string{getList(7, "tcp"), lines(7)}},
		{name: "list of other transports", turns: []string{getList(7, "tcp"), lines(7, line("ticlts", "host.rpc"), line("tcp", ""), line("tcp", "x.8.1"), line("udp", "0.0.0.0.0.0"))}},
		{name: "list with more behind", turns: []string{getList(7, "tcp"), everywhere(7) + xdr(0)}},
		{name: "list without an end", turns: []string{getList(7, "tcp"), strings.TrimSuffix(everywhere(7), xdr(0))}},
		{name: "list of version 3", turns: []string{ask(7, 3, procGetAddrList, mountd, 3, "tcp", "", ""), everywhere(7)}},
		{name: "list of nobody's call", turns: []string{getList(7, "tcp"), everywhere(8)}},
		{name: "list in place of a number", turns: []string{getPort(7, 6), everywhere(7)}},
		{name: "number in place of a list", turns: []string{getList(7, "tcp"), reply(7, 2049)}},
		{name: "list of all programs", turns: []string{ask(7, 4, 4), everywhere(7)}},
		{name: "list that was refused", turns: []string{getList(7, "tcp"), xdr(7, msgReply, 0, 0, "", 3)}},
		{name: "a number that another call has now", turns: []string{getPort(7, 6), "", ask(7, 2, 1, mountd, 3, 6, 2049), reply(7, 1)}},
	}
}

func TestLists(t *testing.T) {
	for _, c := range listCases() {
		helpertest.Laws(t, &Helper, c.over(packet.ProtoUDP, func(s string) string { return s }))
		helpertest.Laws(t, &Helper, c.over(packet.ProtoTCP, func(s string) string { return marked(s) }))
	}
	cut := testCase{name: "list in fragments", turns: []string{getList(7, "tcp"), marked(everywhere(7), 40), getPort(8, 6), marked(reply(8, 2049))}, want: "t2049"}
	cut.turns[0], cut.turns[2] = marked(cut.turns[0]), marked(cut.turns[2])
	helpertest.Laws(t, &Helper, cut.over(packet.ProtoTCP, func(s string) string { return s }))
}

// TestListSpelt has a translation change both addresses of a list, and the mark.
func TestListSpelt(t *testing.T) {
	msg := marked(lines(7, line("tcp6", "::.8.1"), line("udp", "0.0.0.0.78.80"), line("tcp", "0.0.0.0.78.81")))
	want := marked(lines(7, line("tcp6", "::.8.1"), line("udp", "203.0.113.7.78.80"), line("tcp", "203.0.113.7.78.81")))
	var f helpers.Findings
	s := state{}
	s.set(spoken)
	s.remember(7, isCall|isList)
	own := netip.MustParseAddrPort("198.51.100.20:111")
	if got := records(&helpers.Segment{Dir: packet.Reply, Proto: packet.ProtoTCP, Data: []byte(msg), Ends: &helpers.Ends{Src: own}}, &s, &f); got != helpers.More || f.Consumed != len(msg) {
		t.Fatalf("%v, %d bytes", got, f.Consumed)
	}
	out, from := "", markSize
	for e := range f.Expects {
		to := netip.AddrPortFrom(netip.MustParseAddr("203.0.113.7"), e.Endpoint.Port())
		out += msg[from:e.Edit.Off] + string(spell(nil, []byte(msg[e.Edit.Off:e.Edit.Off+e.Edit.Len]), e.Edit, to))
		from = e.Edit.Off + e.Edit.Len
	}
	out += msg[from:]
	if got := string(spellMark(nil, nil, helpers.Edit{}, len(out))) + out; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
