package policy_test

import (
	"net/netip"
	"strings"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/policy/fqdn"
	"portcullis/session"
)

// named is a configuration whose address "www" is that of a domain name.
func named(p *config.Policy) *config.Config {
	cfg := basic(p)
	cfg.Addresses = append(cfg.Addresses, &config.Address{Name: "www", Type: "fqdn", FQDN: "www.example"})
	cfg.AddrGroups = append(cfg.AddrGroups,
		&config.AddrGroup{Name: "sites", Member: []string{"host", "www"}},
		&config.AddrGroup{Name: "but", Member: []string{"lan"}, Exclude: true, ExcludeMember: []string{"sites"}})
	return cfg
}

func compiled(t *testing.T, cfg *config.Config) (*policy.Table, *fqdn.Book) {
	t.Helper()
	id, _ := numbers(cfg)
	table, err := policy.Compile(cfg, ifIndex, id)
	if err != nil {
		t.Fatal(err)
	}
	var b fqdn.Book
	b.Obey(policy.Wishes(cfg))
	table.Follow(&b)
	return table, &b
}

// A session that lives is judged by what its name stood for, a new one by what it
// stands for now; and a policy that denies speaks of now alone.
func TestNamed(t *testing.T) {
	const www = "192.0.2.7"
	for _, c := range []struct {
		to                   string
		negate, deny         bool
		before, since, after bool // whether it matches: before it was learnt, since, after it has expired
		alive                bool // after it has expired, a session that lives
	}{
		{to: "www", since: true, alive: true},
		{to: "sites", since: true, alive: true},
		{to: "www", deny: true, since: true},
		{to: "www", negate: true, before: true, after: true, alive: true},
		{to: "host"},
	} {
		p := one("all", c.to, "ALL")
		p.DstAddrNegate, p.Accept = c.negate, !c.deny
		table, b := compiled(t, named(p))
		key := tcpKey("10.0.0.1", www, 80)
		check := func(when string, want bool) {
			t.Helper()
			if got := table.Lookup(0, 1, &key, 0).Found; got != want {
				t.Errorf("%+v: %s %v", c, when, got)
			}
		}
		check("before", c.before)
		b.Learn("www.example", packet.MustAddr(www), 0, 0)
		check("since", c.since)
		b.Expire(session.Tick(fqdn.LeastTTL))
		check("after", c.after)
		if got := table.LookupLive(0, 1, &key, 0).Found; got != c.alive {
			t.Errorf("%+v: alive %v", c, got)
		}
	}
}

func TestNamedSource(t *testing.T) {
	table, b := compiled(t, named(one("www", "all", "ALL")))
	b.Learn("www.example", packet.MustAddr("192.0.2.7"), 0, 0)
	for src, want := range map[string]bool{"192.0.2.7": true, "192.0.2.8": false} {
		if key := tcpKey(src, "10.0.0.1", 80); table.Lookup(0, 1, &key, 0).Found != want {
			t.Errorf("from %s: expected %v", src, want)
		}
	}
}

// What can not be known beforehand can not be left out of a group.
func TestNamedExcluded(t *testing.T) {
	cfg := named(one("all", "but", "ALL"))
	id, _ := numbers(cfg)
	if _, err := policy.Compile(cfg, ifIndex, id); err == nil || !strings.Contains(err.Error(), `group "but": exclude with addresses of type fqdn`) {
		t.Error(err)
	}
}

func TestNamedSet(t *testing.T) {
	cfg := named(one("all", "all", "ALL"))
	var b fqdn.Book
	b.Obey(policy.Wishes(cfg))
	known, err := policy.NewAddresses(cfg, &b)
	if err != nil {
		t.Fatal(err)
	}
	set, err := known.Set([]string{"sites"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	www := packet.AddrFrom(netip.MustParseAddr("192.0.2.7"))
	if set.Has(www) {
		t.Error("before it was learnt")
	}
	if b.Learn("www.example", www, 0, 0); !set.Has(www) || !set.Has(packet.MustAddr("10.0.0.7")) {
		t.Error("after")
	}
}
