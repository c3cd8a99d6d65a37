package tool

import (
	"context"
	"path/filepath"
	"time"

	"portcullis/lab"
)

// NFSServer starts rpcbind and nfs-ganesha, which registers NFS 3 and the mount
// protocol with it, with its files in a directory, and waits until both are
// registered. It exports /mem, which is in memory.
func NFSServer(ctx context.Context, ns *lab.Namespace, dir string) (*lab.Process, error) {
	rpcbind, err := Find("rpcbind")
	if err != nil {
		return nil, err
	}
	rpcinfo, err := Find("rpcinfo")
	if err != nil {
		return nil, err
	}
	t, err := Find("ganesha.nfsd")
	if err != nil {
		return nil, err
	}
	plugins, _ := filepath.Glob(t.file("usr/lib/*-linux-gnu*/ganesha")) // the pattern is well formed
	if len(plugins) == 0 {
		return nil, ErrMissing
	}
	conf, err := writeFile(dir, "ganesha.conf", `NFS_CORE_PARAM { Protocols = 3; Plugins_Dir = "`+plugins[0]+`"; MNT_Port = 20048; NFS_Port = 2050; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 { UseGetpwnam = true; Only_Numeric_Owners = true; DomainName = "lab"; }
MEM { Inode_Size = 1000000; }
EXPORT { Export_Id = 1; Path = "/mem"; Pseudo = "/mem"; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Protocols = 3; FSAL { Name = MEM; } }
`)
	if err != nil {
		return nil, err
	}
	// It ends where nobody answers at port 111 when it starts.
	c := t.private(rpcbindScript+`
mkdir -p /run/ganesha
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/nfs/ganesha
`+rpcbind.Path+` -f -w &
for try in $(seq 100); do `+rpcinfo.Path+` -T tcp 127.0.0.1 100000 2 > /dev/null 2>&1 && break; sleep 0.05; done`, "-F", "-L", filepath.Join(dir, "log"), "-f", conf, "-p", "/run/ganesha.pid")
	if t.root != "" {
		c.Env[0] += ":" + t.file("usr/lib/ganesha")
	}
	c.Contain = true
	p, err := ns.Start(c)
	if err != nil {
		return nil, err
	}
	if err := awaitTCP(ctx, ns, p, "127.0.0.1:111"); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := Rpcinfo(ctx, ns, "-T", "tcp", "127.0.0.1", "100003", "3")
		if err == nil || ctx.Err() != nil || p.Ended() || time.Now().After(deadline) {
			return p, err
		}
	}
}

// NFS runs a client of libnfs, nfs-cp, nfs-ls or nfs-cat. Files of a host's server are
// nfs://HOST/PATH. It returns what the client printed on standard output, and on
// standard error.
func NFS(ctx context.Context, ns *lab.Namespace, client string, args ...string) (out, errs string, err error) {
	t, err := Find(client)
	if err != nil {
		return "", "", err
	}
	p, err := ns.Run(ctx, t.Command(args...))
	if p == nil {
		return "", "", err
	}
	return p.Stdout(), p.Stderr(), err
}
