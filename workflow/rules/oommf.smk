"""The same simulations by OOMMF: what differs is where it comes from, its threads and its time."""

OOMMF_DEVICES = [
    name for name, d in campaign.devices.items() if d.calculator == "oommf"
]


# the check stands first among equals and takes all local cores: nothing else starts before it ends
rule oommf_ready:
    """Whether OOMMF is there, able to run, and has the interfacial DMI term; once a run."""
    output:
        temp("results/oommf.json"),
    log:
        "results/logs/oommf.log",
    priority: 100
    localrule: True
    conda:
        "../envs/oommf.yaml"
    threads: 1000
    shell:
        "wallnet oommf --out {output:q} > {log:q} 2>&1"


if OOMMF_DEVICES:

    ruleorder: initial_oommf > initial
    ruleorder: trace_oommf > trace
    ruleorder: level_oommf > level

    use rule initial as initial_oommf with:
        input:
            ancient(rules.oommf_ready.output),
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1500 * attempt,
            runtime=lambda w, attempt: 120 * attempt,

    use rule trace as trace_oommf with:
        input:
            files.INITIAL,
            ancient(rules.oommf_ready.output),
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1500 * attempt,
            runtime=lambda w, attempt: 240 * attempt,

    use rule level as level_oommf with:
        input:
            ancient(rules.oommf_ready.output),
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1500 * attempt,
            runtime=lambda w, attempt: 240 * attempt,
