package lab

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// RouteByKernel makes the Linux kernel the firewall of the topology, doing the
// job that Portcullis would do: forwarding between the two ports, a stateful
// policy that lets connections begin at port1 only and, with nat, masquerading
// behind port2. It is what Portcullis is compared with.
func (t *Triangle) RouteByKernel(nat bool) error {
	fw := t.Firewall
	// Without a link-local address the kernel cannot ask for neighbours on
	// behalf of what it forwards.
	local := netip.MustParsePrefix("fe80::1/64")
	if err := fw.Addresses(Port1, netip.PrefixFrom(Inside4, 24), netip.PrefixFrom(Inside6, 64), local); err != nil {
		return err
	}
	if err := fw.Addresses(Port2, netip.PrefixFrom(Outside4, 24), netip.PrefixFrom(Outside6, 64), local); err != nil {
		return err
	}
	for _, name := range []string{"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"} {
		if err := fw.Sysctl(name, "1"); err != nil {
			return err
		}
	}
	conn, err := nftables.New(nftables.WithNetNSFd(int(fw.fd)))
	if err != nil {
		return fmt.Errorf("namespace %s: nftables: %w", fw.name, err)
	}
	forwardRules(conn)
	if nat {
		masquerade(conn, nftables.TableFamilyIPv4)
		masquerade(conn, nftables.TableFamilyIPv6)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("namespace %s: nftables: %w", fw.name, err)
	}
	return nil
}

// forwardRules is:
//
//	chain forward { type filter hook forward priority filter; policy drop;
//	    ct state established,related accept
//	    iifname port1 oifname port2 accept
//	}
func forwardRules(conn *nftables.Conn) {
	table := conn.AddTable(&nftables.Table{Name: "filter", Family: nftables.TableFamilyINet})
	drop := nftables.ChainPolicyDrop
	chain := conn.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter, Policy: &drop,
	})
	known := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Ct{Register: 1, Key: expr.CtKeySTATE},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: known, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}})
	exprs := append(ifname(expr.MetaKeyIIFNAME, Port1), ifname(expr.MetaKeyOIFNAME, Port2)...)
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain,
		Exprs: append(exprs, &expr.Verdict{Kind: expr.VerdictAccept})})
}

// masquerade is:
//
//	chain postrouting { type nat hook postrouting priority srcnat; oifname port2 masquerade }
func masquerade(conn *nftables.Conn, family nftables.TableFamily) {
	table := conn.AddTable(&nftables.Table{Name: "nat", Family: family})
	chain := conn.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain,
		Exprs: append(ifname(expr.MetaKeyOIFNAME, Port2), &expr.Masq{})})
}

// ifname matches the name of the device a packet came by or leaves by.
func ifname(key expr.MetaKey, name string) []expr.Any {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return []expr.Any{
		&expr.Meta{Key: key, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: padded},
	}
}
