{#
    The cooling law in integer arithmetic.

    An event of `degrees` on `day` adds the integer
        round(degrees * 2 ^ ((day - epoch) / half_life_days + 50))
    and a sum of such integers is worth, on day t,
        round(sum * 2 ^ (-50 - (t - epoch) / half_life_days), 9) degrees.
    Integers are summed because sums of doubles depend on their order.
#}

{% macro heat_dimensions() %}
    {{ return(['transactions', 'contribution', 'intent', 'communication', 'feedback']) }}
{% endmacro %}

{# What one degree on `day` adds to the integer sum; multiply, then round. #}
{% macro heat_weight(day) -%}
    pow(cast(2 as double), cast({{ days_between('epoch', day) }} as double) / half_life_days + 50)
{%- endmacro %}

{# The integer that degrees of a given weight add to a sum. #}
{% macro heat_integer(degrees, weight) -%}
    cast(round(cast({{ degrees }} as double) * {{ weight }}) as decimal(38, 0))
{%- endmacro %}

{#
    In degrees, how far a body's heat may be from a compensated sum of doubles over its events times the decay:
    - five roundings of half a billionth, once;
    - for each event five roundings to an integer, and the last bits of doubles, of which a compensated sum
      (Kahan's, whose error doesn't grow with their number) and the products around it make less than 1e-14 of
      the degrees.
#}
{% macro heat_margin(events, most_degrees, decay) -%}
    cast(5e-9 as double) + {{ events }} * ({{ most_degrees }} * cast(1e-14 as double) + 2.5 * {{ decay }})
{%- endmacro %}

{# What one unit of the integer sum is worth in degrees on `day`. #}
{% macro heat_decay(day) -%}
    pow(cast(2 as double), -50 - cast({{ days_between('epoch', day) }} as double) / half_life_days)
{%- endmacro %}

{# One dimension's heat on `day`, from its running sum `<prefix><dimension>`. #}
{% macro dimension_heat(dimension, day, prefix='sum_') -%}
    cast(round(cast({{ prefix }}{{ dimension }} as double) * {{ heat_decay(day) }}, 9) as decimal(18, 9))
{%- endmacro %}

{# The heat on `day`: the sum of the rounded dimensions. #}
{% macro total_heat(day, prefix='sum_') -%}
    (
        {%- for dimension in heat_dimensions() %}
        {{ dimension_heat(dimension, day, prefix) }}{{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
