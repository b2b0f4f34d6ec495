int jail_attach(int);
