package policy_test

import (
	"strings"
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/policy/fqdn"
)

const addresses = `
[[firewall.address]]
name = "lan"
subnet = "10.1.0.0/16"

[[firewall.address]]
name = "guests"
subnet = "10.1.9.0/24"

[[firewall.address6]]
name = "lan6"
ip6 = "fd01::/64"

[[firewall.addrgrp]]
name = "staff"
member = ["lan"]
exclude = "enable"
exclude-member = ["guests"]
`

func TestAddresses(t *testing.T) {
	cfg, bad := config.Parse("test.toml", []byte(addresses))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	book, err := policy.NewAddresses(cfg, &fqdn.Book{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		four, six []string
		in, out   string
	}{
		{[]string{"staff"}, nil, "10.1.0.1 10.1.8.255 10.1.10.0", "10.1.9.1 10.2.0.1 fd01::1 ::1"},
		{[]string{"guests"}, []string{"lan6"}, "10.1.9.0 fd01::1 fd01::ffff:ffff:ffff:ffff", "10.1.8.1 fd01:0:0:1::"},
		{[]string{"all"}, nil, "0.0.0.0 255.255.255.255", "fd01::1"},
		{nil, []string{"all"}, "fd01::1 ::", "10.1.0.1"},
		{nil, nil, "", "10.1.0.1 fd01::1"},
	} {
		set, err := book.Set(c.four, c.six)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range strings.Fields(c.in) {
			if !set.Has(packet.MustAddr(a)) {
				t.Errorf("%v %v: %s is not in it", c.four, c.six, a)
			}
		}
		for _, a := range strings.Fields(c.out) {
			if set.Has(packet.MustAddr(a)) {
				t.Errorf("%v %v: %s is in it", c.four, c.six, a)
			}
		}
	}
	if _, err := book.Set([]string{"nobody"}, nil); err == nil || !strings.Contains(err.Error(), `address "nobody": no such address`) {
		t.Errorf("an address that is not there: %v", err)
	}
	var none policy.AddressSet
	if none.Has(packet.MustAddr("10.1.0.1")) {
		t.Error("the empty set has an address")
	}
}
