package control

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portcullis/session"
)

// What the commands about translation print, in the order of docs/operation.md.
func TestTranslation(t *testing.T) {
	c := serve(t, gallery())
	pools, err := c.Pools(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ippool-all-list.txt", pools.String())
	golden(t, "ippool-all-stats.txt", pools.Stats())
	golden(t, "ippool-list.txt", pools.Blocks())
	vips, err := c.VIPs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "vip-list.txt", vips.String())
	for name, list := range lists(c) {
		golden(t, name+".txt", listed(t, list, Query{}, FormBlock))
		golden(t, name+".json", listed(t, list, Query{}, FormJSON))
	}
	text, err := json.MarshalIndent(struct {
		Pools Pools
		VIPs  VIPs
	}{pools, vips}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "translation.json", string(text)+"\n")
	if n, err := c.Mapped(t.Context()); n != 4 || err != nil {
		t.Errorf("%d mappings, %v", n, err)
	}
}

type lister func(context.Context, Query, Form, io.Writer) error

func lists(c *Client) map[string]lister {
	return map[string]lister{"pba": c.ListBlocks, "nat-ip": c.ListAddresses, "eim": c.ListMappings}
}

func listed(t *testing.T, list lister, q Query, form Form) string {
	t.Helper()
	var b bytes.Buffer
	if err := list(t.Context(), q, form, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The lists are filtered by what their things have; of fields that they have not
// the operator is told.
func TestTranslationFilters(t *testing.T) {
	c := serve(t, gallery())
	for _, test := range []struct{ list, filter, want string }{
		{"eim", "src 10.1.0.2 proto 17", "total mapping: 1\n"},
		{"eim", "nport 5200", "total mapping: 2\n"},
		{"eim", "nsrc 2001:db8::/32", "total mapping: 1\n"},
		{"eim", "sport 4000 negate policy policy 4", "total mapping: 2\n"},
		{"pba", "src 10.1.0.2", "total PBA: 2\n"},
		{"pba", "nsrc 198.51.100.51", "total PBA: 2\n"},
		{"nat-ip", "nsrc 198.51.100.0/24", "total nat-ip: 4\n"},
		{"nat-ip", "negate nsrc nsrc 198.51.100.0/24", "total nat-ip: 2\n"},
	} {
		got := listed(t, lists(c)[test.list], Query{Filter: filter(t, test.filter)}, FormBlock)
		if !strings.HasSuffix(got, test.want) {
			t.Errorf("%s %s: %s", test.list, test.filter, got)
		}
	}
	for family, want := range map[Family]string{Family4: "total mapping: 3\n", Family6: "total mapping: 1\n"} {
		if got := listed(t, c.ListMappings, Query{Family: family}, FormBlock); !strings.HasSuffix(got, want) {
			t.Errorf("family %d: %s", family, got)
		}
	}
	for _, test := range []struct {
		list   lister
		filter string
		form   Form
		want   string
	}{
		{c.ListMappings, "dport 53", FormBlock, "filter dport: not in this list: expected one of proto, src, sport, nsrc, nport, policy"},
		{c.ListBlocks, "sport 53", FormBlock, "filter sport: not in this list: expected one of src, nsrc"},
		{c.ListAddresses, "negate src", FormBlock, "filter src: not in this list: expected one of nsrc"},
		{c.ListBlocks, "", FormShort, `as "short": expected block`},
	} {
		err := test.list(t.Context(), Query{Filter: filter(t, test.filter)}, test.form, io.Discard)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", test.filter, err)
		}
	}
}

// One pool of a name, or both where both families have one.
func TestPoolByName(t *testing.T) {
	c := serve(t, gallery())
	for name, want := range map[string][]uint16{"cgn": {2}, "site": {3, 9}} {
		pools, err := c.Pools(t.Context(), name)
		var got []uint16
		for _, p := range pools {
			got = append(got, p.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s, %v", name, diff, err)
		}
	}
	if _, err := c.Pools(t.Context(), "none"); err == nil || err.Error() != `ippool "none": no such pool` {
		t.Error(err)
	}
}

// A configuration without translation has nothing to list, which is no error.
func TestNoTranslation(t *testing.T) {
	c := serve(t, &fake{})
	pools, err := c.Pools(t.Context(), "")
	if pools == nil || err != nil || pools.Stats() != "vdom:root owns 0 ippool(s)\n" || pools.Blocks() != "list ippool info:(vf=root)\n" {
		t.Errorf("pools: %#v, %v", pools, err)
	}
	vips, err := c.VIPs(t.Context())
	if vips == nil || err != nil || vips.String() != "total vip: 0\n" {
		t.Errorf("virtual IPs: %#v, %v", vips, err)
	}
	if got := listed(t, c.ListMappings, Query{}, FormBlock); got != "total mapping: 0\n" {
		t.Error(got)
	}
}

// A million mappings are not allocated a million times.
func TestLongTranslationLists(t *testing.T) {
	f := &fake{}
	ip := netip.MustParseAddr("10.1.0.2")
	for i := range 20_000 {
		f.mappings = append(f.mappings, MappingRecord{Proto: 17, Inner: ip, InnerPort: uint16(i), Outer: ip.Next(), OuterPort: uint16(i), Filter: "any", Sessions: 1})
	}
	w := &walker{source: f, names: fakeNames{}, pause: func() error { return nil }}
	n, buf := 0, make([]byte, 0, 4096)
	if allocs := testing.AllocsPerRun(1, func() {
		n = 0
		if err := w.mappings(func(m *Mapping) { n++; buf = m.append(buf[:0]) }); err != nil {
			t.Error(err)
		}
	}); n != len(f.mappings) || allocs > 100 {
		t.Errorf("%d mappings, %v allocations", n, allocs)
	}
}

// The sessions of a client that is translated at both ends are found by either
// end.
func TestFilterTranslatedAtBothEnds(t *testing.T) {
	both := rec(1, key(6, "10.1.0.2", 40000, "10.2.0.10", 80), key(6, "10.1.0.1", 41000, "10.1.0.10", 8080), nil)
	own := rec(2, key(17, "10.1.0.2", 4000, "10.2.0.1", 4000), key(17, "10.2.0.1", 4000, "10.1.0.2", 4000), nil)
	only := rec(3, key(17, "10.9.0.2", 4000, "10.2.0.1", 4000), key(17, "10.9.0.2", 4000, "10.1.0.2", 4000), nil)
	six := rec(4, key(6, "fd01::2", 40000, "2001:db8::9", 80), key(6, "2001:db8:1::2", 40000, "2001:db8::9", 80), nil)
	c := serve(t, &fake{records: []Record{both, own, only, six}, at: Moment{Now: session.Tick(100e9)}})
	for words, want := range map[string]string{
		"nsrc 10.1.0.1":             "serial=00000001",
		"nport 41000":               "serial=00000001",
		"src 10.1.0.2 nport 4000":   "serial=00000002",
		"nsrc 10.2.0.1":             "serial=00000002",
		"nsrc 2001:db8:1::/48":      "serial=00000004",
		"nport 40000":               "serial=00000004",
		"dst 10.2.0.1 src 10.9.0.2": "serial=00000003",
	} {
		got := listed(t, c.List, Query{Filter: filter(t, words)}, FormBlock)
		if !strings.Contains(got, want) || !strings.HasSuffix(got, "total session: 1\n") {
			t.Errorf("%s: %s", words, got)
		}
	}
	// What is not translated at its source has no value there.
	got := listed(t, c.List, Query{Filter: filter(t, "negate nsrc nsrc 0.0.0.0/0 dst 10.2.0.1")}, FormBlock)
	if !strings.Contains(got, "serial=00000003") || !strings.HasSuffix(got, "total session: 1\n") {
		t.Error(got)
	}
}
