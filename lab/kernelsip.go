package lab

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// sipPort is where the kernel's helper is to read SIP, over UDP.
const sipPort = 5060

// ReadSIPByKernel has the kernel that is the firewall of the topology (RouteByKernel) read
// SIP as well, with the conntrack helper of that name:
//
//	ct helper sip { type "sip" protocol udp }
//	chain prerouting { type filter hook prerouting priority mangle; udp dport 5060 ct helper set "sip" }
func (t *Triangle) ReadSIPByKernel() error {
	fw := t.Firewall
	conn, err := nftables.New(nftables.WithNetNSFd(int(fw.fd)))
	if err != nil {
		return fmt.Errorf("namespace %s: nftables: %w", fw.name, err)
	}
	table := conn.AddTable(&nftables.Table{Name: "helper", Family: nftables.TableFamilyIPv4})
	conn.AddObj(&nftables.NamedObj{
		Table: table, Name: "sip", Type: nftables.ObjTypeCtHelper,
		Obj: &expr.CtHelper{Name: "sip", L3Proto: unix.NFPROTO_IPV4, L4Proto: unix.IPPROTO_UDP},
	})
	chain := conn.AddChain(&nftables.Chain{
		Name: "prerouting", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityMangle,
	})
	conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_UDP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(sipPort)},
		&expr.Objref{Type: int(nftables.ObjTypeCtHelper), Name: "sip"},
	}})
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("namespace %s: nftables: the conntrack helper \"sip\": %w", fw.name, err)
	}
	return nil
}
