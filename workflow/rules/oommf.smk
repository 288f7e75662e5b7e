"""The same simulations by OOMMF: what differs is where it comes from, its threads and its time."""

OOMMF_DEVICES = [
    name for name, d in campaign.devices.items() if d.calculator == "oommf"
]


if OOMMF_DEVICES:

    ruleorder: initial_oommf > initial
    ruleorder: trace_oommf > trace
    ruleorder: level_oommf > level

    use rule initial as initial_oommf with:
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1000 * attempt,
            runtime=lambda w, attempt: 120 * attempt,

    use rule trace as trace_oommf with:
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1000 * attempt,
            runtime=lambda w, attempt: 120 * attempt,

    use rule level as level_oommf with:
        wildcard_constraints:
            device="|".join(OOMMF_DEVICES),
        conda:
            "../envs/oommf.yaml"
        threads: lambda w: campaign.devices[w.device].oommf.threads
        resources:
            mem_mb=lambda w, attempt: 1000 * attempt,
            runtime=lambda w, attempt: 120 * attempt,
